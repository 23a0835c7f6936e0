// The API documentation, drawn by Swagger UI from our own schema. Requests tried out on the page go as the
// signed-in person, with the token that Django asks of a browser.
const place = document.getElementById('api-docs');

window.SwaggerUIBundle({
  domNode: place,
  url: place.dataset.schema,
  deepLinking: true,
  validatorUrl: null,
  defaultModelsExpandDepth: 0,
  requestInterceptor: (request) => {
    if (request.method !== 'GET') request.headers[place.dataset.csrfHeader] = place.dataset.csrf;
    return request;
  },
});
